// Layout: magic line, salt (16 bytes), key check (16), nonce (12), cipher text, tag (16). Everything before the cipher
// text is authenticated with it.
#include "net/sealed.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <memory>

#include "net/openssl_handles.h"

namespace cosell::net {
namespace {

constexpr std::string_view kMagic = "cosell-tokens 1\n";
constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kCheckSize = 16;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kHeadSize = kMagic.size() + kSaltSize + kCheckSize + kNonceSize;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;
using Kdf = std::unique_ptr<EVP_KDF, Freed<EVP_KDF_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, Freed<EVP_KDF_CTX_free>>;

// The first half encrypts; the second is stored, so that a wrong secret is known as such.
struct Derived {
  std::array<unsigned char, 32 + kCheckSize> bytes{};
  Derived() = default;
  Derived(const Derived&) = default;
  Derived& operator=(const Derived&) = default;
  ~Derived() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  const unsigned char* key() const { return bytes.data(); }
  std::string_view check() const { return {reinterpret_cast<const char*>(bytes.data()) + 32, kCheckSize}; }
};

unsigned char* bytes_of(std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); }
const unsigned char* bytes_of(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }

bool derive(const Secret& key, std::string_view salt, Derived& out) {
  const Kdf kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const KdfContext context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  if (!context) return false;
  std::string digest = "SHA256";
  std::string secret = key.reveal();
  std::string salt_copy(salt);
  std::string info = "cosell-bridge token store";
  const std::array<OSSL_PARAM, 5> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt_copy.data(), salt_copy.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()), OSSL_PARAM_construct_end()};
  const bool derived = EVP_KDF_derive(context.get(), out.bytes.data(), out.bytes.size(), params.data()) == 1;
  OPENSSL_cleanse(secret.data(), secret.size());
  return derived;
}

std::string random_bytes(std::size_t n, Random& random) {
  std::string out;
  while (out.size() < n) {
    std::uint64_t number = random.next();
    for (int i = 0; i < 8 && out.size() < n; ++i, number >>= 8) out += static_cast<char>(number & 255);
  }
  return out;
}

}  // namespace

Result<std::string> seal(std::string_view plain, const Secret& key, Random& random) {
  const Error failed = make_error(ErrorClass::bug, "The saved logins could not be encrypted.");
  const std::string salt = random_bytes(kSaltSize, random);
  const std::string nonce = random_bytes(kNonceSize, random);
  Derived derived;
  if (!derive(key, salt, derived)) return failed;
  std::string out = std::string(kMagic) + salt + std::string(derived.check()) + nonce;
  out.resize(kHeadSize + plain.size() + kTagSize);
  unsigned char* cipher_text = bytes_of(out) + kHeadSize;
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int n = 0;
  const bool sealed =
      cipher &&
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, derived.key(), bytes_of(std::string_view(nonce))) ==
          1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &n, bytes_of(out), kHeadSize) == 1 &&
      EVP_EncryptUpdate(cipher.get(), cipher_text, &n, bytes_of(plain), static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), cipher_text + n, &n) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagSize, cipher_text + plain.size()) == 1;
  if (!sealed) return failed;
  return out;
}

tl::expected<std::string, SealProblem> unseal(std::string_view sealed, const Secret& key) {
  if (sealed.substr(0, kMagic.size()) != kMagic) return tl::unexpected(SealProblem::not_sealed);
  if (sealed.size() < kHeadSize + kTagSize) return tl::unexpected(SealProblem::damaged);
  const std::string_view salt = sealed.substr(kMagic.size(), kSaltSize);
  const std::string_view check = sealed.substr(kMagic.size() + kSaltSize, kCheckSize);
  const std::string_view nonce = sealed.substr(kHeadSize - kNonceSize, kNonceSize);
  const std::string_view cipher_text = sealed.substr(kHeadSize, sealed.size() - kHeadSize - kTagSize);
  std::string tag(sealed.substr(sealed.size() - kTagSize));
  Derived derived;
  if (!derive(key, salt, derived)) return tl::unexpected(SealProblem::damaged);
  if (CRYPTO_memcmp(derived.check().data(), check.data(), kCheckSize) != 0) {
    return tl::unexpected(SealProblem::wrong_key);
  }
  std::string plain(cipher_text.size(), '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int n = 0;
  const bool opened =
      cipher && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, derived.key(), bytes_of(nonce)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &n, bytes_of(sealed), kHeadSize) == 1 &&
      EVP_DecryptUpdate(cipher.get(), bytes_of(plain), &n, bytes_of(cipher_text),
                        static_cast<int>(cipher_text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), bytes_of(plain) + n, &n) == 1;
  if (!opened) return tl::unexpected(SealProblem::damaged);
  return plain;
}

}  // namespace cosell::net
