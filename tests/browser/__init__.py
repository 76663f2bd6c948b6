"""A package, so that its one browser is closed before the tests after it: it keeps an event loop running."""
