// Package deletion kills processes that erase an account, before each of their
// calls, and looks whether it is gone in the end, whole, and nothing else.
package deletion
