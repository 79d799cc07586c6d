"""The app in a browser: `helo serve`. Needs the extra `helo[web]`."""
