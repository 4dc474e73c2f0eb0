#!/usr/bin/env racket
#lang racket/base
;; perf: timeout=60s
;; Two places, an SSL session over loopback, 1 MB of random data: the test of
;; the mail that pacegate began with. The span `transfer` is from the first
;; byte sent until the other place has them all. Takes about 250 MB of memory.
(require ffi/unsafe ffi/unsafe/port openssl racket/file racket/place
         racket/random racket/system racket/tcp)
(provide serve)

(define size (* 1024 1024))

;; CLOCK_MONOTONIC in ns: Racket's own clock begins anew with each process.
(define-cstruct _timespec ([seconds _long] [ns _long]))
(define clock-gettime
  (get-ffi-obj "clock_gettime" #f
               (_fun _int (now : (_ptr o _timespec)) -> _int -> now)))
(define (monotonic-ns)
  (define now (clock-gettime 1))
  (+ (* (timespec-seconds now) 1000000000) (timespec-ns now)))

;; One line a write, so that it arrives whole; our own stamp is the value.
(define (event words)
  (define line (format "~a t=~a\n" words (monotonic-ns)))
  (define path (getenv "PERF_EVENTS"))
  (when path
    (call-with-output-file path #:exists 'append
      (lambda (out) (write-string line out)))))

;; Key and certificate in one file, thrown away afterwards. A key of RSA takes
;; a random time to make, 0.1 to 0.5 s; one of an elliptic curve always 5 ms.
(define (make-certificate dir)
  (define pem (path->string (build-path dir "test.pem")))
  (define messages (open-output-string))
  (define made?
    (parameterize ([current-output-port messages]
                   [current-error-port messages])
      (system* (find-executable-path "openssl") "req" "-x509" "-nodes"
               "-newkey" "ec" "-pkeyopt" "ec_paramgen_curve:prime256v1"
               "-days" "1" "-subj" "/CN=localhost"
               "-keyout" pem "-out" pem)))
  (unless made?
    (error 'openssl "no certificate: ~a" (get-output-string messages)))
  pem)

;; Both sides send at once (TCP_NODELAY, which Racket 8.7 has no word for): else
;; some transfers wait 40 ms for a delayed acknowledgement.
(define setsockopt
  (get-ffi-obj "setsockopt" #f
               (_fun _int _int _int (_ptr i _int) (_int = 4) -> _int)))
(define (ssl-session in out mode context)
  (setsockopt (unsafe-port->socket out) 6 1 1)
  (ports->ssl-ports in out #:mode mode #:context context
                    #:close-original? #t))

;; The other place: accept one session, take what comes, say that it came.
(define (serve channel)
  (define pem (place-channel-get channel))
  (define context (ssl-make-server-context 'auto))
  (ssl-load-certificate-chain! context pem)
  (ssl-load-private-key! context pem #f)
  (define listener (tcp-listen 0 1 #t "127.0.0.1"))
  (define-values (host port peer peer-port) (tcp-addresses listener #t))
  (place-channel-put channel port)
  (define-values (plain-in plain-out) (tcp-accept listener))
  (define-values (in out) (ssl-session plain-in plain-out 'accept context))
  (define got (read-bytes size in))
  (write-bytes (if (= (bytes-length got) size) #"ok" #"no") out)
  (close-output-port out))

(define (main)
  (define dir (make-temporary-file "ssl~a" 'directory))
  (define pem (make-certificate dir))
  (define server
    (dynamic-place (variable-reference->module-source (#%variable-reference))
                   'serve))
  (place-channel-put server pem)
  (define port (place-channel-get server))
  (define data (crypto-random-bytes size))
  (define-values (plain-in plain-out) (tcp-connect "127.0.0.1" port))
  (define-values (in out)
    (ssl-session plain-in plain-out 'connect (ssl-make-client-context 'auto)))
  (event "start transfer")
  (write-bytes data out)
  (flush-output out)
  (unless (equal? (read-bytes 2 in) #"ok")
    (error 'transfer "the data did not arrive"))
  (event "end transfer")
  (place-wait server)
  (delete-directory/files dir))

(module+ main (main))
