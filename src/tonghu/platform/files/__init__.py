"""Files that people give and get: streamed in, stored encrypted, with a life that ends, plaintext only in memory."""
