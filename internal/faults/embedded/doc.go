// Package embedded tests what happens to a SQLite database, and to the folder
// of pictures beside it, when the disk is full or read-only, when the process is
// killed, and when another process uses the file too. Its tests run themselves
// again as other processes: as ones that are killed, and on Linux as ones with
// a file system of their own.
package embedded
