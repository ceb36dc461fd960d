"""What platforms push to us over HTTP: what stands where in it, and who has signed it. No sockets."""
