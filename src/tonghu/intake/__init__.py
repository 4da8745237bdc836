"""Files of discharge data coming in: uploaded, checked in the background, looked at, confirmed, undone as a whole."""
