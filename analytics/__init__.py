"""Product analytics: events, performance metrics, feature usage and customer feedback."""
