# A case is taken; then a second room of the same cabin overheats: it rings again and names the new room
start 03:00
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
  room 204房 on 2号箱 4号开关, 40 A
203房 current     every 10s: 34 x 120
203房 temperature every 10s: 82 x 120
204房 current     every 10s: 34 x 120
204房 temperature every 10s: 40 x 60, 88 x 60
at 2m Bolat replies "1"
expect at 30s      case opened, heat, alarm, "203房"
expect at 2m       case taken, Bolat
expect at 10m30s   case joined, "204房"
expect at 10m30s   case untaken
expect by 10m35s   notice sms to Bolat, "204房"
expect by 10m35s   notice sms to Ailin, "204房"
