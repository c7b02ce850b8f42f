"""What is known of Linkerd itself: its versions, what broke between them, what makes a pod restart."""
