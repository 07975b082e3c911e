//go:build !unix

package cloudtest

import "errors"

var errUnix = errors.New("the servers are started on Unix only")

func build(string) (string, error)                               { return "", errUnix }
func install(string) (string, error)                             { return "", errUnix }
func run(string, []string, func() bool, string, ...string) error { return errUnix }
func freeAddress() (string, error)                               { return "", errUnix }
