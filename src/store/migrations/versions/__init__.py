"""The revisions, oldest first by number. A released one is never edited; nothing imports them."""
