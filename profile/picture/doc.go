// Package picture turns untrusted bytes into safe square pictures and keeps
// them in a storage.BlobStore.
//
// Process is the pipeline alone: whatever a phone sends (JPEG, PNG, GIF, WebP)
// becomes squares of 512, 256, 128 and 64 pixels, upright, encoded anew, and
// with nothing of the original but what it shows:
//
//	res, err := picture.Process(ctx, file, picture.Options{})
//	for _, sq := range res.Squares {
//		save(sq.Size, res.ContentType, sq.Data)
//	}
//
// A host adds formats by Options.Decoders (and Policy.Decoders): HEIC with the
// package heic, BMP and TIFF with the package rare. They go through the same
// limits, pool and checks.
//
// A Service does that for a user and keeps the result:
//
//	pictures, err := picture.New(picture.Config{
//		Users: db.Users(), Ledger: db.Ledger(), Tx: db, LimitStore: db.Limits(), Blobs: blobs,
//		Profiles: profiles, Deletions: deletions, // it hides pictures when these say so
//	})
//	user, err := pictures.Put(ctx, userID, req.Body, picture.PutOptions{})
//	key := picture.Key(user.Picture, 256) // for blobs.Open
//
// and somebody calls pictures.PurgeBlobs every now and then, which removes the
// pictures that were replaced and what crashes left.
//
// A store that serves public images in every size (storage.Resizer) is given the
// largest square only, and the addresses of the others are its own. Where it may
// not serve such a picture, because it is private, the largest is shown for
// every size, through the host. Pictures of before keep their squares.
//
// Where the store can (storage.DirectUploader), the file need not pass through
// the host: BeginDirect signs a form of five minutes for one file, and
// CompleteDirect has the pipeline make a picture of what arrived. Until then it
// is nothing: no address of the host shows it. A bucket whose objects are public
// must leave out those under "in/", which are kept as they were sent for as long
// as it takes to complete or purge them.
//
// # Colours
//
// The squares are in sRGB, and say so by saying nothing. Pictures with an ICC
// profile of the kind "matrix and curves" (Display P3, which phones send, Adobe
// RGB) or of gray are converted, in JPEG, PNG, WebP and what Decoders give; so
// are the cICP, gAMA and cHRM of a PNG. Colours beyond sRGB are cut off. A profile
// of another kind (tables of many dimensions, CMYK), a damaged one and one of more
// than 1 MiB are ignored: the picture then counts as sRGB.
//
// # What comes out
//
// JPEG; PNG when the picture is transparent somewhere and no Background is set.
// JPEG of up to 256 pixels keeps the colour of each pixel (4:4:4), that of 512 is
// 4:2:0. Beside the squares there is a placeholder of 24 or 25 bytes, a ThumbHash
// (https://evanw.github.io/thumbhash), for painting before anything is loaded.
//
// # What is refused
//
// The type is known from the bytes alone. Before any decoder runs, the
// structure of the file is walked and held against Limits: bytes, pixels,
// sides, scans of a JPEG, frames, chunks, and the memory that decoding will
// take. The errors are
//
//   - ErrTooLarge: more bytes than Limits.MaxBytes (read no further);
//   - ErrUnsupported: another kind of file; the text names it when known;
//   - *RejectedError: a picture, but broken or over a limit;
//   - *input.InvalidError: a crop that is not inside the picture;
//   - ErrBusy: too many pictures are being decoded; try again;
//   - *limit.ExceededError: too many uploads of one user;
//   - storage.ErrStale: the user has another version than PutOptions.IfVersion.
package picture
