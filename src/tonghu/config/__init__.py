"""How the platform is put together on one machine: settings, addresses, the start and stop of its processes."""
