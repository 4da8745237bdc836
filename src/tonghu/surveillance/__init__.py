"""Surveillance: points, the reporting calendar, zero reports, locked months, how it all stands (REG-02, 08, 15)."""
