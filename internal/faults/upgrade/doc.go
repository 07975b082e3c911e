// Package upgrade tests binaries and schemas of different releases together: a
// binary from before the newest migration on the newest schema (R32), today's
// on one that a release to come has added to, and on a table of users that was
// taken over.
//
// What needs the repository's history, and the time to build an older commit,
// runs with PROFILEKIT_LONG.
package upgrade
