"""What banks write: statements as tables, CAMT, MT940 and OFX, read exactly or refused in one sentence."""
