//go:build !unix

package pgtest

import "errors"

// launch knows how to start a server on Unix only.
func launch() (*process, error) {
	return nil, errors.New("set PROFILEKIT_TEST_POSTGRES: starting a server is known for Unix only")
}

type process struct{ base, data string }

func (*process) stop() {}
