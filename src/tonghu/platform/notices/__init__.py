"""Telling people: on their page, by e-mail in their language, by SMS where there is a gateway. Never an identity."""
