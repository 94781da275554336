;; Looks at 16 bytes at once for what cannot be passed over in mail data: an LF whose byte before is no CR, a CR whose byte after is no LF, and
;; `$mark` behind an LF. scan.ts holds this module in binary, and its spec assembles this text and compares.
(module
  (memory (export "memory") 2)
  ;; The byte before the first is at address $at, the first at $at + 1. Gives the first $at whose 16 bytes need a look; whole blocks only.
  (func (export "scan") (param $at i32) (param $end i32) (param $mark i32) (result i32)
    (local $here v128) (local $before v128) (local $cr v128) (local $lf v128) (local $marks v128)
    (local.set $cr (i8x16.splat (i32.const 13)))
    (local.set $lf (i8x16.splat (i32.const 10)))
    (local.set $marks (i8x16.splat (local.get $mark)))
    (block $done
      (loop $next
        (br_if $done (i32.gt_u (i32.add (local.get $at) (i32.const 16)) (local.get $end)))
        (local.set $here (v128.load offset=1 align=1 (local.get $at)))
        (local.set $before (v128.load align=1 (local.get $at)))
        (br_if $done
          (v128.any_true
            (v128.or
              (v128.xor
                (i8x16.eq (local.get $here) (local.get $lf))
                (i8x16.eq (local.get $before) (local.get $cr)))
              (v128.and
                (i8x16.eq (local.get $here) (local.get $marks))
                (i8x16.eq (local.get $before) (local.get $lf))))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (local.get $at)))
