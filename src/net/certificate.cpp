// Judging and making the key and the certificate of a signed login through OpenSSL.
#include "net/certificate.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <optional>

#include "base/text.h"
#include "net/pem.h"

namespace cosell::net {

namespace {

constexpr int kKeyBits = 2048;

// A file with a pass phrase must not stop the program to ask for it.
int no_pass_phrase(char*, int, int, void*) { return 0; }

Bio reader_of(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string written(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size <= 0 ? "" : std::string(data, static_cast<std::size_t>(size));
}

Error unreadable_certificate(const std::string& certificate_pem) {
  return make_error(ErrorClass::config, "The certificate " + certificate_problem(certificate_pem) + ".");
}

// The first moment of 1970 to `time`.
std::optional<Instant> instant_of(const ASN1_TIME* time) {
  ASN1_TIME* const epoch = ASN1_TIME_set(nullptr, 0);
  int day = 0;
  int second = 0;
  const bool read = epoch != nullptr && ASN1_TIME_diff(&day, &second, epoch, time) == 1;
  ASN1_TIME_free(epoch);
  if (!read) return std::nullopt;
  return Instant{(std::int64_t{day} * 86'400 + second) * 1000};
}

bool fill_in(X509* certificate, EVP_PKEY* key, const std::string& name, const CertificateTerm& term) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const auto* common_name = reinterpret_cast<const unsigned char*>(name.c_str());
  return X509_set_version(certificate, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), term.starts.ms / 1000) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), term.ends.ms / 1000) != nullptr &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, common_name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

}  // namespace

namespace pem {

Key read_key(const Secret& text) {
  const Bio bio = reader_of(text.reveal());
  return Key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr) : nullptr);
}

Certificate read_certificate(const std::string& text) {
  const Bio bio = reader_of(text);
  return Certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr) : nullptr);
}

}  // namespace pem

std::string key_problem(const Secret& key_pem) {
  const Key key = pem::read_key(key_pem);
  if (key) {
    const bool fits = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key.get()) >= kKeyBits;
    return fits ? "" : "is of another kind; a login is signed with an RSA key of at least 2,048 bits";
  }
  const std::string& text = key_pem.reveal();
  const auto has = [&](const char* part) { return text.find(part) != std::string::npos; };
  if (has("ENCRYPTED")) {
    return "is protected by a pass phrase, which nobody is there to type; write it without one: openssl pkey -in KEY "
           "-out NEW";
  }
  if (has("-----BEGIN OPENSSH")) return "is an SSH key; a login needs an RSA key in PEM form (openssl req -newkey)";
  if (has("-----BEGIN CERTIFICATE")) return "is a certificate; name the private key that was made with it";
  if (has("PUBLIC KEY-----")) return "is a public key; name the private key that was made with it";
  if (!has("-----BEGIN")) {
    return "is not in PEM form (-----BEGIN PRIVATE KEY-----); from a .pfx file: openssl pkcs12 -in FILE.pfx -nocerts "
           "-nodes -out KEY";
  }
  return "cannot be read; it must be a whole RSA key in PEM form (-----BEGIN PRIVATE KEY-----)";
}

std::string certificate_problem(const std::string& certificate_pem) {
  if (pem::read_certificate(certificate_pem)) return "";
  if (certificate_pem.find("PRIVATE KEY-----") != std::string::npos) {
    return "is a private key; name the certificate that was made with it";
  }
  if (certificate_pem.find("-----BEGIN") != std::string::npos) {
    return "cannot be read; it must be a whole certificate in PEM form (-----BEGIN CERTIFICATE-----)";
  }
  return "is not in PEM form (-----BEGIN CERTIFICATE-----); from a .cer file: openssl x509 -inform der -in FILE.cer "
         "-out CERTIFICATE";
}

bool belong_together(const Secret& key_pem, const std::string& certificate_pem) {
  const Key key = pem::read_key(key_pem);
  const Certificate certificate = pem::read_certificate(certificate_pem);
  return key && certificate && EVP_PKEY_eq(X509_get0_pubkey(certificate.get()), key.get()) == 1;
}

Result<CertificateTerm> certificate_term(const std::string& certificate_pem) {
  const Certificate certificate = pem::read_certificate(certificate_pem);
  if (!certificate) return unreadable_certificate(certificate_pem);
  const auto starts = instant_of(X509_get0_notBefore(certificate.get()));
  const auto ends = instant_of(X509_get0_notAfter(certificate.get()));
  if (!starts || !ends) return make_error(ErrorClass::config, "The certificate does not tell from when until when.");
  return CertificateTerm{*starts, *ends};
}

Result<std::string> certificate_thumbprint(const std::string& certificate_pem, Thumbprint kind) {
  const Certificate certificate = pem::read_certificate(certificate_pem);
  if (!certificate) return unreadable_certificate(certificate_pem);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const EVP_MD* const algorithm = kind == Thumbprint::sha256 ? EVP_sha256() : EVP_sha1();
  if (X509_digest(certificate.get(), algorithm, digest.data(), &size) != 1) {
    return make_error(ErrorClass::config, "The thumbprint of the certificate cannot be worked out.");
  }
  return text::base64url_encode({reinterpret_cast<const char*>(digest.data()), size});
}

Result<SelfSigned> make_self_signed(const std::string& name, const CertificateTerm& term) {
  const Key key(EVP_RSA_gen(kKeyBits));
  const Certificate certificate(X509_new());
  const Bio key_text(BIO_new(BIO_s_mem()));
  const Bio certificate_text(BIO_new(BIO_s_mem()));
  const bool made =
      key && certificate && key_text && certificate_text && fill_in(certificate.get(), key.get(), name, term) &&
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1;
  if (!made) return make_error(ErrorClass::config, "A key and a certificate could not be made.");
  return SelfSigned{Secret(written(key_text.get())), written(certificate_text.get())};
}

}  // namespace cosell::net
