"""The pages about money: for those who pay, for those who bill, and for the card company."""
