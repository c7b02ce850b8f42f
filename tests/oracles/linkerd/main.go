// Command linkerd answers what Linkerd's own code makes of trust anchors and identity issuers.
//
// One case a line comes on standard input as JSON, and one answer a line goes out in the same order. Keys are made
// for a single run and come with the case; nothing of them is written.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/linkerd/linkerd2/pkg/issuercerts"
	"github.com/linkerd/linkerd2/pkg/tls"
)

type question struct {
	Kind string `json:"kind"`
	// pem: a text. chain: the anchors of linkerd-identity-trust-roots, tls.crt and tls.key of its issuer.
	Text    string    `json:"text"`
	Anchors string    `json:"anchors"`
	Issuer  string    `json:"issuer"`
	Key     string    `json:"key"`
	Proxy   string    `json:"proxy"`
	Now     time.Time `json:"now"`
}

type answer map[string]any

var answerers = map[string]func(question) (answer, error){
	"pem":    readPEM,
	"chain":  validateChain,
	"anchor": validateAnchor,
}

func main() {
	decoder := json.NewDecoder(os.Stdin)
	encoder := json.NewEncoder(os.Stdout)
	for decoder.More() {
		var asked question
		if err := decoder.Decode(&asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		given, err := answerers[asked.Kind](asked)
		if err != nil {
			given = answer{"error": err.Error()}
		}
		if err := encoder.Encode(given); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// readPEM gives the serial numbers of a text's certificates.
func readPEM(asked question) (answer, error) {
	certs, err := tls.DecodePEMCertificates(asked.Text)
	if err != nil {
		return nil, err
	}
	if len(certs) == 0 {
		return nil, errors.New("no certificates found")
	}
	serials := []string{}
	for _, cert := range certs {
		serials = append(serials, cert.SerialNumber.Text(16))
	}
	return answer{"serials": serials}, nil
}

// validateChain does what linkerd-identity does when it starts, what `linkerd check` asks of its issuer, and what
// the proxies do with each other's certificates.
func validateChain(asked question) (answer, error) {
	anchors, err := tls.DecodePEMCertPool(asked.Anchors)
	if err != nil {
		return nil, err
	}
	creds, err := tls.ValidateAndCreateCreds(asked.Issuer, asked.Key)
	if err != nil {
		return nil, err
	}
	if err := creds.Crt.Verify(anchors, "", asked.Now); err != nil {
		return nil, err
	}
	if !creds.Certificate.IsCA {
		return nil, errors.New("not a CA")
	}
	if err := issuercerts.CheckIssuerCertAlgoRequirements(creds.Certificate); err != nil {
		return nil, err
	}
	return answer{"accepted": true}, verifyProxy(tls.NewCA(*creds, tls.Validity{ValidFrom: &asked.Now}), anchors, asked)
}

// validateAnchor does what `linkerd check` asks of an anchor, and issues a chain below it.
func validateAnchor(asked question) (answer, error) {
	pool, err := tls.DecodePEMCertificates(asked.Anchors)
	if err != nil {
		return nil, err
	}
	anchor := pool[0]
	if err := issuercerts.CheckTrustAnchorAlgoRequirements(anchor); err != nil {
		return nil, err
	}
	if asked.Now.Before(anchor.NotBefore) || asked.Now.After(anchor.NotAfter) {
		return nil, errors.New("not valid now")
	}
	creds, err := tls.ValidateAndCreateCreds(asked.Anchors, asked.Key)
	if err != nil {
		return nil, err
	}
	issuer, err := below(creds, asked)
	if err != nil {
		return nil, err
	}
	return answer{"accepted": true}, verifyProxy(issuer, tls.CertificatesToPool(pool), asked)
}

// below issues an identity issuer; Linkerd's GenerateCA cannot sign with RSA.
func below(creds *tls.Cred, asked question) (*tls.CA, error) {
	key, err := tls.GenerateKey()
	if err != nil {
		return nil, err
	}
	validity := tls.Validity{ValidFrom: &asked.Now}
	issuer, err := tls.CreateRootCA("identity.linkerd.cluster.local", key, validity)
	if err != nil {
		return nil, err
	}
	template := *issuer.Cred.Certificate
	template.SignatureAlgorithm = x509.UnknownSignatureAlgorithm
	signer, err := signerOf(asked.Key)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, creds.Certificate, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return tls.NewCA(tls.Cred{PrivateKey: issuer.Cred.PrivateKey, Crt: tls.Crt{Certificate: made}}, validity), nil
}

func signerOf(text string) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no key")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	switch known := key.(type) {
	case *ecdsa.PrivateKey:
		return known, nil
	case *rsa.PrivateKey:
		return known, nil
	}
	return nil, fmt.Errorf("unknown key %T", key)
}

// verifyProxy lets the issuer sign a proxy's certificate, and verifies it as a server's and as a client's.
func verifyProxy(issuer *tls.CA, anchors *x509.CertPool, asked question) error {
	proxy, err := issuer.GenerateEndEntityCred(asked.Proxy)
	if err != nil {
		return err
	}
	between := x509.NewCertPool()
	for _, it := range proxy.TrustChain {
		between.AddCert(it)
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		options := x509.VerifyOptions{
			Roots:         anchors,
			Intermediates: between,
			DNSName:       strings.ToLower(asked.Proxy),
			CurrentTime:   asked.Now,
			KeyUsages:     []x509.ExtKeyUsage{usage},
		}
		if _, err := proxy.Certificate.Verify(options); err != nil {
			return err
		}
	}
	return nil
}
