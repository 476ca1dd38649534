"""The parts of fuzzy record linkage: cleaning, specs, interned columns, clusters, the index of stored records."""
