module meshwright.test/engine/age-keygen

go 1.26.0

tool filippo.io/age/cmd/age-keygen

require filippo.io/age v1.3.1 // indirect

require (
	filippo.io/hpke v0.4.0 // indirect
	golang.org/x/crypto v0.45.0 // indirect
	golang.org/x/sys v0.38.0 // indirect
	golang.org/x/term v0.37.0 // indirect
)
