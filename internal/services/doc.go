// Package services holds the tests of the services as a host composes them that
// uses no HTTP of ours: the half of the security suite that belongs to them. It must
// not import httpadapter, which internal/layout checks, so that a rule that moves
// into an adapter is missed here.
package services
