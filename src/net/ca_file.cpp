// Reading through OpenSSL, as libcurl does it later.
#include "net/ca_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "net/openssl_handles.h"

namespace cosell::net {
namespace {

Error cannot_use(const std::string& path, const std::string& why) {
  return make_error(ErrorClass::config, "The CA file " + path + " " + why);
}

}  // namespace

Result<int> certificates_in_file(const std::string& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) return cannot_use(path, "is a folder, not a file.");
  errno = 0;
  const Bio file(BIO_new_file(path.c_str(), "r"));
  if (!file) {
    const int why = errno;
    ERR_clear_error();
    if (why == ENOENT) return cannot_use(path, "does not exist.");
    return cannot_use(path, std::string("cannot be read: ") + std::strerror(why) + ".");
  }
  int count = 0;
  while (Certificate(PEM_read_bio_X509_AUX(file.get(), nullptr, nullptr, nullptr)) != nullptr) ++count;
  ERR_clear_error();  // the end of the file is one
  if (count > 0) return count;
  return cannot_use(path,
                    "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----). From another form: openssl x509 "
                    "-inform der -in FILE -out " +
                        path);
}

}  // namespace cosell::net
