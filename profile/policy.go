package profile

import (
	"time"

	"github.com/profilekit/profilekit/activity/limit"
)

// Policy is what a host decides about profiles and the end of accounts. The zero value
// is a good start. Config, DeletionsConfig, ExporterConfig and EraserConfig take the
// same one, and each uses what is its own.
type Policy struct {
	// Reserved are user names that cannot be chosen, in any case of ASCII letters; nil
	// is DefaultReserved, an empty list reserves none.
	Reserved []string
	// Custom are the fields that the custom object of a profile may have.
	Custom []CustomField
	// NameHold is how long a user name that was given up, or whose account was deleted,
	// is kept from others: 0 is DefaultNameHold, negative not at all. It needs a
	// HoldStore.
	NameHold time.Duration
	// RenameLimit is how often one user may ask for another user name, free or not; the
	// zero Rule is DefaultRenameLimit. It needs Config.LimitStore.
	RenameLimit limit.Rule
	// DeletionGrace is how long the deletion of an account can be taken back: 0 is
	// DefaultDeletionGrace, negative not at all.
	DeletionGrace time.Duration
	// DeletionLimit is how often one user may ask for the deletion of the account; the
	// zero Rule is DefaultDeletionLimit.
	DeletionLimit limit.Rule
	// ExportLimit is how often one user may have a copy of everything; the zero Rule is
	// DefaultExportLimit.
	ExportLimit limit.Rule
}
