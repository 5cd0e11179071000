"""How people prove who they are: codes, passkeys, and the steps of a sign-in; no Flask, no HTTP."""
