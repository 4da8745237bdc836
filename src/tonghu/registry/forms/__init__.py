"""How a card is shown and filled in: what stands where, with which value, which list, which findings."""
