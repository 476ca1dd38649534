"""List views: lists of leads with a name, shared or private, that know what is new since somebody looked."""
