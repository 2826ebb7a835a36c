"""Sources of facts, a file each: explorers and nodes behind one protocol, exchanges, the central bank."""
