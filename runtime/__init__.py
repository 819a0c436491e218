"""What both processes are made of: configuration, HTTP, Kafka, logs, command-line plumbing. Knows neither half."""
