package picture

import "github.com/profilekit/profilekit/storage"

// Ledger is where the Service notes which blobs exist and why. It is declared
// in package storage, so that a database can keep it without the decoders.
type Ledger = storage.Ledger

// LedgerWalker is what Repair asks of a Ledger besides; the ledgers of
// storage/sqlstore have it.
type LedgerWalker = storage.LedgerWalker
