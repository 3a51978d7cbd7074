// Certificates for tests that speak TLS, made anew for each run: an authority, and servers that it vouches for.
#pragma once

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <string>

#include "net/openssl_handles.h"

namespace cosell::net::testing {

struct Identity {
  Key key;
  Certificate certificate;
};

struct Wanted {
  std::string name = "127.0.0.1";  // an address or a host
  long from_s = -3600;             // from now
  long to_s = 3600;
  bool authority = false;
};

inline void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  ASSERT_NE(extension, nullptr) << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by `issuer`, or by itself.
inline Identity make_identity(const Wanted& wanted, const Identity* issuer) {
  static long serial = 0;
  Identity out{Key(EVP_EC_gen("P-256")), Certificate(X509_new())};
  X509* c = out.certificate.get();
  X509_set_version(c, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(c), wanted.from_s);
  X509_gmtime_adj(X509_getm_notAfter(c), wanted.to_s);
  X509_set_pubkey(c, out.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(wanted.name.c_str()), -1, -1, 0);
  X509* signer = issuer == nullptr ? c : issuer->certificate.get();
  X509_set_issuer_name(c, X509_get_subject_name(signer));
  if (wanted.authority) {
    add_extension(c, signer, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    const bool address = wanted.name.find_first_not_of("0123456789.") == std::string::npos;
    add_extension(c, signer, NID_subject_alt_name, (address ? "IP:" : "DNS:") + wanted.name);
  }
  X509_sign(c, issuer == nullptr ? out.key.get() : issuer->key.get(), EVP_sha256());
  return out;
}

inline void write_certificate(const std::string& file, const Identity& identity) {
  FILE* out = std::fopen(file.c_str(), "w");
  ASSERT_NE(out, nullptr) << file;
  PEM_write_X509(out, identity.certificate.get());
  std::fclose(out);
}

inline void write_key(const std::string& file, const Identity& identity) {
  FILE* out = std::fopen(file.c_str(), "w");
  ASSERT_NE(out, nullptr) << file;
  PEM_write_PrivateKey(out, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(out);
}

}  // namespace cosell::net::testing
