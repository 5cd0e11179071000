"""Single sign-on by OpenID Connect: providers, their answers, and who a person is here; no Flask."""
