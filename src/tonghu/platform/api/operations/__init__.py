"""Operations that belong to no other room: credentials, the caller, code tables, rules, jobs."""
