// The behaviour of every page, in small modules.
