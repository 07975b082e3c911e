// Package faults is what the tests of failing databases share. They are a
// module of their own, so that toxiproxy and pgx are in nobody's module graph:
//
//	proxy    a proxy that delays, cuts or swallows what passes
//	silence  databases that refuse, hang, are slow or lose connections
//	poolers  PgBouncer, pgx, several hosts, replicas
//	pictures the life of pictures in real object stores
//	deletion processes that are killed while they erase an account
//	nodes    processes that are killed, restarted and run beside each other
package faults
