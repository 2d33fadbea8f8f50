"""Voices as an HTTP service: requests in the form of OpenAI's API, turns among them, sound as it is made, the page."""
