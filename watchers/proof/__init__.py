"""What bytes prove by themselves: work, headers, blocks, branches, transactions, scripts. Nothing here asks anybody."""
