// Package poolers tests sqlstore behind PgBouncer, on pgx, and over several
// hosts of which one fails. What a host on pgx writes is its example; the rest
// is tests.
package poolers
