package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lib/pq"
)

// withHosts turns a URL with several hosts, as libpq and pgx read it, into one
// that lib/pq reads: it would take all of the list for one name.
//
//	postgres://user@h1:5432,h2:5433/db  ->  postgres://user@/db?host=h1,h2&port=5432,5433
func withHosts(dsn string) string {
	scheme, rest, ok := strings.Cut(dsn, "://")
	if !ok || scheme != "postgres" && scheme != "postgresql" {
		return dsn
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@') + 1
	list := strings.Split(rest[at:end], ",")
	if len(list) < 2 {
		return dsn
	}
	u, err := url.Parse(scheme + "://" + rest[:at] + "/" + strings.TrimPrefix(rest[end:], "/"))
	if err != nil {
		return dsn // which cannot be read either
	}
	hosts, ports := make([]string, len(list)), make([]string, len(list))
	for i, h := range list {
		hosts[i], ports[i] = h, "5432"
		if host, port, err := net.SplitHostPort(h); err == nil {
			hosts[i], ports[i] = host, port
		}
		hosts[i] = strings.Trim(hosts[i], "[]")
	}
	q := u.Query()
	q.Set("host", strings.Join(hosts, ","))
	q.Set("port", strings.Join(ports, ","))
	u.RawQuery = q.Encode()
	return u.String()
}

// address is where cfg leads, without user and password: every host of it.
func address(cfg pq.Config) string {
	list := []string{hostPort(cfg.Hostaddr.IsValid(), cfg.Hostaddr.String(), cfg.Host, cfg.Port)}
	for _, m := range cfg.Multi {
		list = append(list, hostPort(m.Hostaddr.IsValid(), m.Hostaddr.String(), m.Host, m.Port))
	}
	return strings.Join(list, ", ")
}

func hostPort(byAddr bool, addr, host string, port uint16) string {
	if byAddr {
		host = addr
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// reasons says why none of the hosts of cfg could be used, each reason once.
func reasons(ctx context.Context, cfg pq.Config, err error) string {
	attrs := cfg.TargetSessionAttrs != "" && cfg.TargetSessionAttrs != pq.TargetSessionAttrsAny
	var list []string
	for _, e := range eachHost(err) {
		r := reason(ctx, e)
		if attrs && ctx.Err() == nil && inWords(e) {
			r = "the server answers, but is not as target_session_attrs asks for"
		}
		if !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	return strings.Join(list, "; ")
}

// eachHost are the errors of the hosts, which lib/pq joins when there are
// several.
func eachHost(err error) []error {
	var c connectError
	if errors.As(err, &c) {
		err = c.error
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if many, ok := e.(interface{ Unwrap() []error }); ok {
			return many.Unwrap()
		}
	}
	return []error{err}
}

// inWords reports whether an error is text alone, which no server sent and no
// network call returned: what lib/pq says of target_session_attrs.
func inWords(err error) bool {
	var network net.Error
	_, _, sent := errorInfo(err)
	return !sent && !errors.As(err, &network) && !isTLS(err) && !errors.Is(err, pq.ErrSSLNotSupported) &&
		!errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, driver.ErrBadConn)
}
