// Keys and certificates in PEM form, as OpenSSL holds them. For jwt.cpp and certificate.cpp alone; what is wrong with
// a file, in words, is certificate.h's.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "net/secrets.h"

namespace cosell::net::pem {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

// Null when the text holds none that can be read without a pass phrase.
Key read_key(const Secret& text);
Certificate read_certificate(const std::string& text);

}  // namespace cosell::net::pem
