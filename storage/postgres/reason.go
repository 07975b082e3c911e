package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/lib/pq"
)

// oldest is the oldest server version that is tested.
const oldest = 13

func checkVersion(num int) error {
	if num/10000 < oldest {
		return fmt.Errorf("the server is PostgreSQL %d; %d or later is needed", num/10000, oldest)
	}
	return nil
}

// reason says why no connection could be made, in words of our own: those of
// the driver and the system may repeat parts of the DSN.
func reason(ctx context.Context, err error) string {
	if code, _, ok := errorInfo(err); ok {
		return refusal(code)
	}
	var dns *net.DNSError
	var network net.Error
	var op *net.OpError
	switch {
	case errors.Is(err, pq.ErrSSLNotSupported):
		return "the server offers no TLS (sslmode=disable does without, on a network you trust)"
	case isTLS(err):
		return "the TLS certificate of the server is not trusted for this name (see sslmode and sslrootcert)"
	case errors.As(err, &dns):
		return "the host name does not resolve"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused; is the server running there?"
	case errors.Is(err, syscall.ENOENT):
		return "there is no such socket; is the server running there?"
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer in time"
	case errors.As(err, &op) && op.Op == "dial":
		return "the network does not reach it"
	}
	return "the connection was closed; is it a PostgreSQL server?"
}

func isTLS(err error) bool {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	return errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) || errors.As(err, &verify)
}

// refusal is what the server said, by its SQLSTATE.
func refusal(code string) string {
	switch code {
	case "28P01":
		return "the password is wrong for this user (28P01)"
	case "28000":
		return "the server does not let this user in from here (28000)"
	case "3D000":
		return "there is no such database (3D000)"
	case "42501":
		return "the user may not connect to this database (42501)"
	case "53300":
		return "the server has too many connections (53300)"
	case "08P01": // PgBouncer and others; a server would not
		return "a pooler there refuses the time-outs sent at the start (08P01); in transaction mode set Options.TransactionPooler," +
			" in session mode let PgBouncer ignore_startup_parameters = statement_timeout,lock_timeout"
	case "57P03":
		return "the server is starting up or shutting down (57P03)"
	}
	return "the server refuses the connection (" + code + ")"
}
