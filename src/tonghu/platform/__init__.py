"""What every capability stands on: accounts and posts, scope, history, files, jobs, notices, documents, the shell."""
