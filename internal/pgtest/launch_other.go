//go:build !unix

package pgtest

import "errors"

var errUnix = errors.New("starting a server is known for Unix only")

// launch knows how to start a server on Unix only.
func launch() (*process, error) {
	return nil, errors.New("set PROFILEKIT_TEST_POSTGRES: " + errUnix.Error())
}

type process struct{ base, data string }

func (*process) stop() {}

func newServer() (*Server, error) { return nil, errUnix }

func newBouncer(func(int) string) (*supervised, *home, int, error) { return nil, nil, 0, errUnix }

func (*Server) copyOf(*Server) error { return errUnix }

type home struct{}

func (*home) data() string          { return "" }
func (*home) logFile() string       { return "" }
func binary(string) (string, error) { return "", errUnix }

func (*home) initdb() error { return errUnix }

type supervised struct{}

func (*supervised) order(string) error { return errUnix }
func (*supervised) end()               {}
