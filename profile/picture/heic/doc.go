// Package heic lets the picture pipeline take the HEIC pictures of phones. It
// is a module of its own, because a host that has no need of it should not
// carry a decoder under the LGPL; see README.md for the licences.
//
//	dec, err := heic.New(heic.Options{})
//	defer dec.Close()
//	go dec.Warm(ctx) // compiles the decoder, about a second, once
//	app, err := httpadapter.New(httpadapter.Config{
//		Pictures: picture.Policy{Decoders: []picture.Decoder{dec}}, // picture.Config has it too
//	})
//
// # How a picture is read
//
// The structure of the file is read by this package, and held against limits
// before anything is decoded: the sides that the file states for the picture,
// for each tile of a grid and for an alpha plane, those that the bitstreams
// state themselves, and the number of boxes, tiles, properties and extents.
//
// Each tile is then written to a file of its own which holds nothing but that
// tile, and only such files reach the decoder: libheif and libde265, compiled
// to WebAssembly and run by wazero. They have no clock, no files and no
// network, fresh memory for each tile, and no more of it than was told to
// the pool. A native libheif is never loaded, whatever the system has.
//
// # What is taken
//
// Single pictures and grids in 4:2:0, 4:2:2, 4:4:4 (8 bits) and gray, of 8 to
// 12 bits (8 come out); turned and mirrored (irot, imir; the orientation in
// EXIF is for programs that do not know these, and is ignored), cut (clap),
// with alpha. Of a file with several pictures, or with a video, the primary
// one is taken. Matrices and ranges of all kinds become those of JPEG; the
// colour profile is handed on, and one is written for files that name their
// primaries instead (Display P3, BT.2020, and HDR with white at 203 cd/m2).
//
// Refused as unsupported: AVIF, which has the same structure, encrypted
// pictures, sequences without a still picture, overlays, and other kinds that
// no phone makes.
package heic
