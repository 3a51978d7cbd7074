// Keys and certificates in PEM form, as OpenSSL holds them. For jwt.cpp and certificate.cpp alone; what is wrong with
// a file, in words, is certificate.h's.
#pragma once

#include <string>

#include "net/openssl_handles.h"
#include "net/secrets.h"

namespace cosell::net::pem {

// Null when the text holds none that can be read without a pass phrase.
Key read_key(const Secret& text);
Certificate read_certificate(const std::string& text);

}  // namespace cosell::net::pem
