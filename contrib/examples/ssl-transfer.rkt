#!/usr/bin/env racket
#lang racket/base
;; perf: timeout=60s
;; Two places, an SSL session over loopback, 1 MB of random data: the test of
;; the mail that pacegate began with. The span `transfer` is from the first
;; byte sent to the last byte received.
(require racket/place racket/port racket/system racket/file openssl)
(provide main serve)

(define size (* 1024 1024))

;; One line a write, so that it arrives whole.
(define (event . words)
  (define path (getenv "PERF_EVENTS"))
  (when path
    (define out (open-output-file path #:exists 'append))
    (write-string (apply format words) out)
    (newline out)
    (close-output-port out)))

(define (certificate dir)
  (define pem (build-path dir "test.pem"))
  (define ok
    (parameterize ([current-error-port (open-output-nowhere)]
                   [current-output-port (open-output-nowhere)])
      (system* (find-executable-path "openssl") "req" "-x509" "-newkey"
               "rsa:2048" "-nodes" "-days" "1" "-subj" "/CN=localhost"
               "-keyout" (path->string pem) "-out"
               (path->string (build-path dir "cert.pem")))))
  (unless ok (error "openssl made no certificate"))
  (call-with-output-file pem #:exists 'append
    (lambda (out)
      (write-bytes (file->bytes (build-path dir "cert.pem")) out)))
  (path->string pem))

;; The other place: accept one session and swallow what comes.
(define (serve channel)
  (define pem (place-channel-get channel))
  (define listener (ssl-listen 0 5 #t "127.0.0.1"))
  (ssl-load-certificate-chain! listener pem)
  (ssl-load-private-key! listener pem)
  (define-values (host port peer peer-port) (ssl-addresses listener #t))
  (place-channel-put channel port)
  (define-values (in out) (ssl-accept listener))
  (let loop ([left size])
    (when (> left 0)
      (define got (read-bytes (min left 65536) in))
      (unless (eof-object? got)
        (loop (- left (bytes-length got))))))
  (write-bytes #"ok" out)
  (flush-output out)
  (place-channel-put channel 'done))

(define (random-bytes n)
  (define made (make-bytes n))
  (for ([i (in-range n)])
    (bytes-set! made i (random 256)))
  made)

(define (main)
  (define dir (make-temporary-file "ssl~a" 'directory))
  (define pem (certificate dir))
  (define server (dynamic-place (variable-reference->module-source
                                 (#%variable-reference))
                                'serve))
  (place-channel-put server pem)
  (define port (place-channel-get server))
  (define data (random-bytes size))
  (define-values (in out) (ssl-connect "127.0.0.1" port))
  (event "start transfer")
  (write-bytes data out)
  (flush-output out)
  (unless (equal? (read-bytes 2 in) #"ok") (error "the data did not arrive"))
  (event "end transfer")
  (place-channel-get server)
  (delete-directory/files dir))

(module+ main (main))
