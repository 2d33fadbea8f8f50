"""What every HTTP server of amhctl shares: addresses, refusals, guards before an application, start and stop."""
