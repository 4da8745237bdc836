"""The first screen: what waits for the reader's post, then where its work lies."""
