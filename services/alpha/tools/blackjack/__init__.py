"""Blackjack, exactly: expected values for any shoe and rules, basic strategy, bankroll."""
