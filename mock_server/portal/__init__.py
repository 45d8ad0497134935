"""The portal's own words: accounts, invoices, qaimes, processes, folders. No HTTP and no SQL."""
